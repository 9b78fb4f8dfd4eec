import { FEATURES, type ProviderSurvey, type Tally } from './provider-survey.js';

export const TABLE_BEGIN = '<!-- provider-table: npm run docs:providers -->';
export const TABLE_END = '<!-- /provider-table -->';

/** `12/5`: whole and streamed. Empty: none was recorded. */
const cell = ({ whole, streamed }: Tally): string => (whole + streamed === 0 ? '' : `${whole}/${streamed}`);

const number = (count: number): string => (count === 0 ? '' : String(count));

/** The survey as a table of Markdown. */
export function toProviderTable(surveys: readonly ProviderSurvey[]): string {
  const head = ['provider', 'answers', ...FEATURES, 'errors', 'embeddings'];
  const rows = surveys.map(({ provider, answers, features, errors, embeddings }) => [
    `\`${provider}\``,
    cell(answers),
    ...FEATURES.map((feature) => cell(features[feature])),
    number(errors),
    number(embeddings),
  ]);
  const unread = surveys.flatMap((survey) => survey.unread.map((line) => `- ${line.replace(/:.*/s, '')}`));
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [
    ...lines,
    ...(unread.length === 0 ? [] : ['', 'Not read as an answer; the specs of these providers say why:', '', ...unread]),
  ].join('\n');
}

/** The document with a table between two marks. Throws where the marks are missing. */
export function withTable(document: string, table: string, beginMark: string, endMark: string): string {
  const [begin, end] = [document.indexOf(beginMark), document.indexOf(endMark)];
  if (begin === -1 || end < begin) throw new Error(`The document has no '${beginMark}' and '${endMark}'.`);
  return `${document.slice(0, begin + beginMark.length)}\n\n${table}\n\n${document.slice(end)}`;
}

/** A table without what a formatter may do to it. */
export const bareTable = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').replace(/-{3,}/g, '---').trim())
    .filter((line) => line !== '')
    .join('\n');
