// `npm run docs:openapi`: starts a gateway and writes what it serves at /openapi.json to docs/openapi.json.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import prettier from 'prettier';
import { ADMIN_TOKEN, startGateway } from '../test/support/gateway.ts';

const path = fileURLToPath(new URL('../docs/openapi.json', import.meta.url));
const gateway = await startGateway();
try {
  const response = await fetch(`${gateway.origin}/openapi.json`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  const options = await prettier.resolveConfig(path);
  writeFileSync(path, await prettier.format(await response.text(), { ...options, filepath: path }));
} finally {
  await gateway.close();
}
