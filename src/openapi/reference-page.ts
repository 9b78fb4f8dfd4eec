import type { ApiDocument, Operation } from './api-document.types.js';

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c; background: #fff }
nav { columns: 14rem; margin: 1rem 0 2rem }
nav a { display: block }
h2 { margin: 2.5rem 0 .5rem; border-bottom: 1px solid #ddd }
details { border: 1px solid #ddd; border-radius: 6px; margin: .4rem 0; padding: .4rem .7rem }
summary { cursor: pointer; overflow-wrap: anywhere }
b { display: inline-block; min-width: 4.2rem; text-transform: uppercase; font-size: .8rem }
small { color: #666 }
code, pre { font: 13px/1.45 ui-monospace, monospace }
pre { background: #f6f6f6; padding: .7rem; overflow: auto; max-height: 30rem }
td, th { text-align: left; vertical-align: top; padding: .15rem .8rem .15rem 0 }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #161616 }
  a { color: #8ab4f8 }
  pre { background: #222 }
  details, h2 { border-color: #444 }
}`;

/** What the document names once: bodies and answers refer to them. */
const OBJECTS = 'Objects';

/** The document for people: one page that needs nothing but itself. */
export function toReferencePage({ info, tags, paths, components }: ApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const sections = tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    return `<h2 id="${anchor(name)}">${escape(name)}</h2>\n${own.map(({ method, path, operation }) => section(method, path, operation)).join('\n')}`;
  });
  const links = [...tags.map(({ name }) => name), OBJECTS].map(
    (name) => `<a href="#${anchor(name)}">${escape(name)}</a>`,
  );
  const objects = Object.entries(components.schemas).map(
    ([name, schema]) => `<details><summary><code>${escape(name)}</code></summary>${code(schema)}</details>`,
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(info.title)}</title><style>${STYLE}</style></head>
<body>
<h1>${escape(info.title)} <small>${escape(info.version)}</small></h1>
<p>${escape(info.description)} For programs: <a href="openapi.json">openapi.json</a>.</p>
<nav>${links.join('\n')}</nav>
${sections.join('\n')}
<h2 id="${anchor(OBJECTS)}">${OBJECTS}</h2>
${objects.join('\n')}
</body>
</html>
`;
}

function section(method: string, path: string, operation: Operation): string {
  const { operationId, summary, parameters, requestBody, responses } = operation;
  const rows = parameters.map(
    ({ name, in: place, required, schema }) =>
      `<tr><td><code>${escape(name)}</code></td><td>${place}${required ? '' : ', optional'}</td><td><code>${escape(JSON.stringify(schema))}</code></td></tr>`,
  );
  const body = Object.entries(requestBody?.content ?? {}).map(
    ([type, { schema }]) => `<p>Body: ${escape(type)}</p>${code(schema)}`,
  );
  const answers = Object.entries(responses)
    .filter(([status]) => status !== 'default')
    .map(([status, response]) => `<p>${escape(status)}</p>${code(response)}`);
  return `<details id="${anchor(operationId)}"><summary><b>${method}</b> <code>${escape(path)}</code> <small>${escape(summary)}</small></summary>
<p>${permissionWords(operation)} Answers ${Object.keys(responses).map(escape).join(', ')}. <small>${escape(operationId)}</small></p>
${rows.length === 0 ? '' : `<table>${rows.join('')}</table>`}${body.join('')}${answers.join('')}
</details>`;
}

function permissionWords({ security, 'x-permissions': permissions }: Operation): string {
  if (security.length === 0) return 'Open to everyone.';
  if (permissions === undefined) return 'A token.';
  if (permissions.length === 0) return 'Any token of the account.';
  return `A token with ${permissions.map((permission) => `<code>${escape(permission)}</code>`).join(' or ')}.`;
}

const code = (value: object): string => `<pre>${escape(JSON.stringify(value, null, 2))}</pre>`;

const anchor = (name: string): string => escape(name.toLowerCase().replace(/[^a-z0-9]+/g, '-'));

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
