// `npm run keys:rotate-master`: wraps every stored secret's data key with the current MASTER_KEY. docs/keys.md has the steps.
// With GATEWAY_URL it asks the running gateway, which alone may open an embedded database; without, it works on DATABASE_URL
// (or on an embedded database whose gateway is stopped) with the same environment as the gateway.
import { requireNode } from './lib/require-node.mjs';

requireNode();

const { GATEWAY_URL, ADMIN_TOKEN } = process.env;

try {
  const { key, rewrapped, unopenable } = await (GATEWAY_URL ? askGateway(GATEWAY_URL) : rotateHere());
  console.log(`Master key ${key}: wrapped ${rewrapped} data keys anew.`);
  if (unopenable > 0) {
    console.error(`${unopenable} secrets open with neither MASTER_KEY nor MASTER_KEY_PREVIOUS and stay as they are.`);
    process.exitCode = 2;
  } else {
    console.log('Nothing is left of the previous key: MASTER_KEY_PREVIOUS can go.');
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function askGateway(origin) {
  if (!ADMIN_TOKEN) throw new Error('ADMIN_TOKEN: set it to a token with the permission "Secrets Store Write".');
  const [account] = await ask(origin, 'GET', 'accounts');
  const result = await ask(origin, 'POST', `accounts/${account.id}/ai-gateway/master-key/rotate`);
  return { key: result.key_id, rewrapped: result.rewrapped, unopenable: result.unopenable };
}

async function ask(origin, method, path) {
  const url = new URL(`/client/v4/${path}`, origin);
  const response = await fetch(url, { method, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  const answer = await response.json();
  if (answer.success !== true) throw new Error(`${method} ${url}: ${response.status} ${JSON.stringify(answer.errors)}`);
  return answer.result;
}

async function rotateHere() {
  const { prepare } = await import('./lib/prepare.mjs');
  prepare({ build: true });
  const { rotateMasterKey } = await import('../dist/keys/rotate-master-key.js');
  const { kekId, rewrapped, unopenable } = await rotateMasterKey();
  return { key: kekId, rewrapped, unopenable: unopenable.length };
}
