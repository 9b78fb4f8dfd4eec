import { SseCutter } from '../../../transport/readers/sse-cutter.js';
import { isObject, parseJson } from '../openai-chat/json-value.js';
import { readEvents } from '../sse-events.js';
import type { EventReader, OnEvent } from './event-reader.js';

/** What an event that says more than content has somewhere in it. Most are content, and are not parsed. */
const TELLING =
  /"usage(?:Metadata)?"\s*:\s*\{|"finish_?[rR]eason"\s*:\s*"|"stop_reason"\s*:\s*"|\[DONE\]|message[_-]stop|message-end|response\.(?:completed|incomplete|failed)|"error"|event:\s?error/;

/** Reads server-sent events on the side. What is no such stream, or has an event beyond all measure, is read no further. */
export class SseEvents implements EventReader {
  events = 0;
  private readonly cutter = new SseCutter();
  private isBlind = false;

  constructor(private readonly onEvent: OnEvent) {}

  push(bytes: Buffer, all: boolean): void {
    if (this.isBlind) return;
    let block: Buffer;
    try {
      block = this.cutter.push(bytes);
    } catch {
      this.isBlind = true;
      return;
    }
    if (block.length === 0) return;
    if (!all) {
      const text = block.toString('latin1');
      if (!TELLING.test(text)) {
        this.events += countEvents(text);
        return;
      }
    }
    for (const { name, data } of readEvents(block.toString())) {
      if (data === null) continue;
      this.events++;
      if (data === '[DONE]') this.onEvent(name, null);
      else this.tell(name, data);
    }
  }

  private tell(name: string | null, data: string): void {
    const body = parseJson(data);
    this.onEvent(name, isObject(body) ? body : { data });
  }
}

/** An event of one data line each, as they all are; comments are none. */
function countEvents(text: string): number {
  let count = text.startsWith('data:') ? 1 : 0;
  for (let at = text.indexOf('\ndata:'); at !== -1; at = text.indexOf('\ndata:', at + 1)) count++;
  return count;
}
