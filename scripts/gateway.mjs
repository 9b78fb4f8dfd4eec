// `npm run gateway -- plan|apply|export|import`: configuration kept in files. docs/config-as-code.md has the steps.
import { requireNode } from './lib/require-node.mjs';

requireNode();
const { prepare } = await import('./lib/prepare.mjs');
prepare({ build: true });
const { runGatewayCommand } = await import('../dist/config-files/gateway-command.js');
process.exitCode = await runGatewayCommand(process.argv.slice(2), process.env, {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
