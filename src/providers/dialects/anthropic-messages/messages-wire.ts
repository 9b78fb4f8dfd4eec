import type { ProviderCredential, ProviderTarget } from '../../provider-strategy.js';

/**
 * What differs between the places that serve Anthropic's Messages: the vendor itself, Vertex, Bedrock's InvokeModel. The body's
 * rest and the answers are the same.
 */
export interface MessagesWire {
  /** The vendor's name for people. */
  readonly name: string;
  /** The path, which names the model and the way of answering where the body does not. */
  readonly path: (target: ProviderTarget, isStream: boolean) => string;
  /** Does the body hold `model`? */
  readonly modelInBody: boolean;
  /** Does the body hold `stream`? Elsewhere the path says it. */
  readonly streamInBody: boolean;
  /** Where `anthropic-version` and `anthropic-beta` go: as headers, or as `anthropic_version` and `anthropic_beta` of the body. */
  readonly versionIn: 'header' | 'body';
  /** The version where the caller names none; in a body the caller's own, which is the vendor's, does not count. */
  readonly version: string;
  /** The header that shows the key, name (lower case) and value. */
  readonly credential: (credential: ProviderCredential) => readonly [name: string, value: string];
}
