/** Marks of the tables in docs/configuration.md. */
export const VARIABLES_BEGIN = '<!-- variables: npm run docs:variables -->';
export const VARIABLES_END = '<!-- /variables -->';

const SECTION = /^# --- (.+?) -+$/;
const VARIABLE = /^(#?)([A-Z][A-Z0-9_]*)=(.*)$/;

/** What one comment is about: `names` and `defaults` go together; '' where there is no default. */
interface Entry {
  readonly meaning: string;
  readonly names: readonly string[];
  readonly defaults: readonly string[];
}

interface Section {
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** Reads `.env.example`: titles, and under each a comment with the variables that it explains. */
function readSections(example: string): readonly Section[] {
  const sections: { title: string; entries: Entry[] }[] = [{ title: 'The kind of installation', entries: [] }];
  let comment: string[] = [];
  for (const line of example.split('\n')) {
    const [, title] = SECTION.exec(line) ?? [];
    const [, off, name, value = ''] = VARIABLE.exec(line) ?? [];
    const entries = sections.at(-1)!.entries;
    if (title !== undefined) sections.push({ title, entries: [] });
    else if (name !== undefined) {
      const own = { names: [name], defaults: [off === '#' ? '' : value] };
      const before = comment.length === 0 ? entries.pop() : undefined;
      entries.push({
        meaning: before?.meaning ?? comment.join(' '),
        names: [...(before?.names ?? []), ...own.names],
        defaults: [...(before?.defaults ?? []), ...own.defaults],
      });
      comment = [];
    } else if (line.startsWith('# ')) comment.push(line.slice(2));
    else comment = [];
  }
  return sections;
}

const code = (text: string): string => (text === '' ? '' : `\`${text}\``);

const row = ({ names, defaults, meaning }: Entry): string =>
  `| ${names.map(code).join('<br>')} | ${defaults.map(code).join('<br>')} | ${meaning.replaceAll('|', '\\|')} |`;

/** `.env.example` as tables of Markdown, a heading for each of its sections. */
export const toVariableTables = (example: string): string =>
  readSections(example)
    .map(({ title, entries }) =>
      [`## ${title}`, '', '| variable | default | meaning |', '| --- | --- | --- |', ...entries.map(row)].join('\n'),
    )
    .join('\n\n');
