import Anthropic from '@anthropic-ai/sdk';
import Anthropic0 from 'anthropic-sdk-0';

/** What they send differs (where the key stands, the version, beta paths); what is used of them here does not. */
export const ANTHROPIC_SDKS: readonly (readonly [string, typeof Anthropic])[] = [
  ['@anthropic-ai/sdk 0.137', Anthropic0 as unknown as typeof Anthropic],
  ['@anthropic-ai/sdk 1.12', Anthropic],
];
