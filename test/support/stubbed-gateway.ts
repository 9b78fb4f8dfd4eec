import type { CallRecord } from '../../src/accounting/call-record.js';
import { CallRecorder } from '../../src/accounting/call-recorder.service.js';
import { type RunningGateway, startGateway } from './gateway.js';
import { StubUpstream } from './stub-upstream.js';

/** The whole gateway with one stub in the place of its providers, each below a path of its own: `{origin}/{provider}`. */
export interface StubbedGateway {
  readonly upstream: StubUpstream;
  readonly gateway: RunningGateway;
  /** Of every call that has ended since `forget`. */
  readonly records: CallRecord[];
  /** What one test's provider did must not steer the next one's calls, nor be counted among them. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

/** @param env Variables beside the providers' addresses. */
export async function startStubbedGateway(
  providers: readonly string[],
  env: Record<string, string> = {},
): Promise<StubbedGateway> {
  const upstream = await StubUpstream.start();
  const addresses = providers.map((slug) => [slug, `${upstream.origin}/${slug}`]);
  const gateway = await startGateway({ PROVIDER_BASE_URLS: JSON.stringify(Object.fromEntries(addresses)), ...env });
  const records: CallRecord[] = [];
  gateway.app.get(CallRecorder).calls$.subscribe((record) => records.push(record));
  return {
    upstream,
    gateway,
    records,
    forget: async () => {
      await gateway.admin('POST', '/ai-gateway/gateways/default/health/reset');
      upstream.received.length = 0;
      records.length = 0;
    },
    close: async () => {
      await gateway.close();
      await upstream.close();
    },
  };
}
