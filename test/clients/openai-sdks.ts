import OpenAI from 'openai';
import OpenAI4 from 'openai-4';
import OpenAI7 from 'openai-7';

/**
 * The OpenAI SDK in the versions people run. Their types differ in corners no test here enters, so all are seen as the one in
 * the middle.
 */
export const OPENAI_SDKS: readonly (readonly [name: string, sdk: typeof OpenAI])[] = [
  ['openai 4.104', OpenAI4 as unknown as typeof OpenAI],
  ['openai 6.49', OpenAI],
  ['openai 7.57', OpenAI7 as unknown as typeof OpenAI],
];
