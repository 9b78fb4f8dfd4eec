/** One event of an event stream. */
export interface SseEvent {
  /** Its data lines joined by LF; null where it has none (comments, keep-alives). */
  readonly data: string | null;
  /** Its name; null where it has none. */
  readonly name: string | null;
  /** Has it a line that is no field's? Then this is no event stream at all: a page, a JSON text. */
  readonly isForeign: boolean;
}

/** The events of a block as `SseCutter` gives it: whole events, line ends LF. */
export function readEvents(block: string): SseEvent[] {
  return block
    .split('\n\n')
    .filter((text) => text.trim() !== '')
    .map(readEvent);
}

function readEvent(text: string): SseEvent {
  let data: string | null = null;
  let name: string | null = null;
  let isForeign = false;
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith(':')) continue;
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') data = data === null ? value : `${data}\n${value}`;
    else if (field === 'event') name = value;
    else if (field !== 'id' && field !== 'retry') isForeign = true;
  }
  return { data, name, isForeign };
}
