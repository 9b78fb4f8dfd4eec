import { canonicalSlug, isProviderSlug } from '../common/provider-slugs.js';
import { type Fields, isFields } from './fields.js';

/** Elements as the API takes them now, and what had to be changed for that. */
export interface ImportedElements {
  readonly elements: readonly unknown[];
  /** For people: an element's id and what was done to it. */
  readonly notes: readonly string[];
}

type Note = (what: string) => void;

/**
 * Takes elements in the live API's syntax and in that of the documentation before 2026-04-29, which the API never took and which is
 * still copied about: `condition`, `rate_limit`, `interval`, an `else` among percentages, an `end` without outputs. A model may also be
 * named in one word, as callers name it.
 */
export function importElements(elements: readonly unknown[]): ImportedElements {
  const notes: string[] = [];
  return {
    elements: elements.map((element, index) => {
      if (!isFields(element)) return element;
      const name = typeof element['id'] === 'string' ? element['id'] : String(index);
      return imported(element, (what) => notes.push(`Element "${name}": ${what}.`));
    }),
    notes,
  };
}

/** Fields that were given and are not kept, as notes. */
export function droppedFields(given: readonly unknown[], kept: readonly unknown[]): readonly string[] {
  return given.flatMap((element, index) => {
    const dropped = missingIn(element, kept[index], '');
    const name = isFields(element) ? String(element['id']) : String(index);
    return dropped.length === 0 ? [] : `Element "${name}": ${dropped.join(', ')} is not known and was dropped.`;
  });
}

function imported(element: Fields, note: Note): Fields {
  const renamed = element['type'] === 'rate_limit' ? { ...element, type: 'rate' } : element;
  if (renamed !== element) note('type "rate_limit" is "rate" now');
  const { properties } = renamed;
  switch (renamed['type']) {
    case 'conditional':
      return withProperties(renamed, moved(properties, 'condition', 'conditions', note));
    case 'rate':
      return withProperties(renamed, moved(properties, 'interval', 'window', note));
    case 'percentage':
      return withoutElse(renamed, note);
    case 'model':
      return withProperties(renamed, withProvider(properties, note));
    case 'end':
      if (renamed['outputs'] !== undefined) return renamed;
      note('an end has "outputs": {}');
      return { ...renamed, outputs: {} };
    default:
      return renamed;
  }
}

function withProperties(element: Fields, properties: unknown): Fields {
  return properties === element['properties'] ? element : { ...element, properties };
}

/** A property under its new name, unless that is there as well. */
function moved(properties: unknown, from: string, to: string, note: Note): unknown {
  if (!isFields(properties) || properties[from] === undefined || properties[to] !== undefined) return properties;
  const { [from]: value, ...rest } = properties;
  note(`"${from}" is "${to}" now`);
  return { ...rest, [to]: value };
}

function withoutElse(element: Fields, note: Note): Fields {
  const { outputs } = element;
  if (!isFields(outputs) || outputs['else'] === undefined) return element;
  const { else: rest, ...arms } = outputs;
  const sum = Object.keys(arms).reduce((total, label) => total + Number.parseFloat(label), 0);
  const share = Number((100 - sum).toFixed(6));
  // Nothing is left, or what is left cannot be said: the checks say what is wrong.
  if (!(share > 0)) return element;
  const label = arms[`${share}%`] === undefined ? `${share}%` : `${share}% else`;
  note(`"else" became "${label}"`);
  return { ...element, outputs: { ...arms, [label]: rest } };
}

/** `{"model": "openai/gpt-5.2"}` ─▶ provider and model; `dynamic/…` names another route. */
function withProvider(properties: unknown, note: Note): unknown {
  if (!isFields(properties)) return properties;
  const { provider, model } = properties;
  const isNamed = typeof provider === 'string' && provider !== '' && provider !== 'compat';
  if (isNamed || typeof model !== 'string') return properties;
  const slash = model.indexOf('/');
  const slug = model.slice(0, slash);
  if (slash === -1 || (slug !== 'dynamic' && !isProviderSlug(canonicalSlug(slug)))) return properties;
  note(`the model's provider is "${slug}"`);
  return { ...properties, provider: slug, model: model.slice(slash + 1) };
}

function missingIn(given: unknown, kept: unknown, at: string): readonly string[] {
  if (!isFields(given) || !isFields(kept)) return [];
  return Object.entries(given).flatMap(([name, value]) => {
    const path = at === '' ? name : `${at}.${name}`;
    return Object.hasOwn(kept, name) ? missingIn(value, kept[name], path) : [path];
  });
}
