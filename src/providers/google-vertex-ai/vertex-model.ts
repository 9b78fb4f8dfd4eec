/** A model's name on Vertex taken apart. */
export interface VertexModel {
  readonly publisher: string;
  /** The publisher's id of the model. */
  readonly name: string;
  /** From a whole resource name; null where it names none. */
  readonly project: string | null;
  readonly location: string | null;
}

const RESOURCE = /^(?:projects\/([^/]+)\/locations\/([^/]+)\/)?publishers\/([^/]+)\/models\/(.+)$/;

/**
 * `google/gemini-2.5-pro`, `anthropic/claude-sonnet-4-5`, `meta/llama-4-…`; a bare name is Google's, or Anthropic's where it begins
 * with `claude`; or a whole resource name, `projects/{p}/locations/{l}/publishers/{p}/models/{m}`.
 */
export function readVertexModel(model: string): VertexModel {
  const resource = RESOURCE.exec(model);
  if (resource !== null) {
    const [, project, location, publisher, name] = resource;
    return { publisher: publisher ?? '', name: name ?? '', project: project ?? null, location: location ?? null };
  }
  const slash = model.indexOf('/');
  const nowhere = { project: null, location: null };
  if (slash !== -1) return { publisher: model.slice(0, slash), name: model.slice(slash + 1), ...nowhere };
  return { publisher: model.startsWith('claude') ? 'anthropic' : 'google', name: model, ...nowhere };
}
