import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readAccount } from './account-state.js';
import { readConfigFile, writeConfigFile } from './config-file.js';
import { ConfigProblems } from './config-problems.js';
import { ControlPlaneClient, ControlPlaneRefusal } from './control-plane.client.js';
import { exportAccount } from './export.js';
import { planConfig } from './plan.js';
import type { Environment } from './references.js';
import { showChange, showPlan } from './show-plan.js';

const USAGE = `Usage: npm run gateway -- <command> [options]

  plan <file>         what a file would change; nothing is changed
  apply <file>        changes it
  export              writes the account as a file
  import cloudflare   writes an account at Cloudflare as a file

  --url <origin>      the gateway (GATEWAY_URL, else http://127.0.0.1:8787); for import, the API: https://api.cloudflare.com
  --token <token>     an admin token (ADMIN_TOKEN; for import, CLOUDFLARE_API_TOKEN)
  --account <id>      the account (for import, CLOUDFLARE_ACCOUNT_ID); ours by default the token's own
  --prune             plan, apply: also delete what the file's lists do not name
  --check             plan: end with 2 when something would change
  --out <file>        export, import: where to write; .json for JSON. Else YAML, to the standard output
`;

const OPTIONS = {
  url: { type: 'string' },
  token: { type: 'string' },
  account: { type: 'string' },
  prune: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  out: { type: 'string' },
} as const;

/** Where the command writes: what was asked for, and what is said beside it. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Runs one command. Returns the process's exit code: 1 for a failure, 2 for `--check` with something to change. */
export async function runGatewayCommand(args: readonly string[], env: Environment, output: Output): Promise<number> {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const [command = '', argument] = positionals;
    if (command === 'import' && argument === 'cloudflare') return await importCloudflare(values, env, output);
    if (command === 'export' && argument === undefined) return await exportOwn(values, env, output);
    if ((command === 'plan' || command === 'apply') && argument !== undefined)
      return await planOrApply(command, argument, values, env, output);
    output.err(USAGE);
    return 1;
  } catch (error) {
    output.err(`${reasonOf(error)}\n`);
    return 1;
  }
}

type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

async function planOrApply(
  command: 'plan' | 'apply',
  path: string,
  options: Options,
  env: Environment,
  { out }: Output,
): Promise<number> {
  const file = readConfigFile(await readFile(path, 'utf8'));
  const { client, accountId } = await ownAccount(options, env);
  const plan = planConfig(accountId, file, await readAccount(client, accountId), env);
  const isPruning = options.prune;
  if (command === 'plan') {
    out(showPlan(plan, isPruning));
    const count = plan.changes.length + (isPruning ? plan.deletions.length : 0);
    return options.check && count > 0 ? 2 : 0;
  }
  const changes = isPruning ? [...plan.changes, ...plan.deletions] : plan.changes;
  for (const change of changes) {
    await change.apply(client);
    out(showChange(change));
  }
  out(changes.length === 0 ? 'Nothing to change.\n' : `${changes.length} changed.\n`);
  return 0;
}

async function exportOwn(options: Options, env: Environment, output: Output): Promise<number> {
  const { client, accountId } = await ownAccount(options, env);
  const state = await readAccount(client, accountId);
  return write(
    exportAccount(state, (what) => output.err(`${what}\n`)),
    options,
    output,
  );
}

async function importCloudflare(options: Options, env: Environment, output: Output): Promise<number> {
  const accountId = required(options.account ?? env['CLOUDFLARE_ACCOUNT_ID'], '--account, or CLOUDFLARE_ACCOUNT_ID');
  const token = required(options.token ?? env['CLOUDFLARE_API_TOKEN'], '--token, or CLOUDFLARE_API_TOKEN');
  const client = clientOf(options.url ?? 'https://api.cloudflare.com', token);
  const state = await readAccount(client, accountId, ({ message }) => output.err(`Left out: ${message}\n`));
  return write(
    exportAccount(state, (what) => output.err(`${what}\n`)),
    options,
    output,
  );
}

async function write(file: Parameters<typeof writeConfigFile>[0], options: Options, { out }: Output): Promise<number> {
  const path = options.out;
  const text = writeConfigFile(file, path?.endsWith('.json') === true ? 'json' : 'yaml');
  if (path === undefined) out(text);
  else await writeFile(path, text);
  return 0;
}

async function ownAccount(options: Options, env: Environment) {
  const token = required(options.token ?? env['ADMIN_TOKEN'], '--token, or ADMIN_TOKEN');
  const client = clientOf(options.url ?? env['GATEWAY_URL'] ?? 'http://127.0.0.1:8787', token);
  const accountId = options.account ?? firstAccount.parse(await client.call('GET', 'accounts'))[0]!.id;
  return { client, accountId };
}

const firstAccount = z.array(z.looseObject({ id: z.string() })).min(1);

const clientOf = (origin: string, token: string): ControlPlaneClient =>
  new ControlPlaneClient(`${origin.replace(/\/+$/, '')}/client/v4`, token);

function required(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw new ConfigProblems([`${name} is missing`]);
  return value;
}

function reasonOf(error: unknown): string {
  if (error instanceof ConfigProblems) return error.problems.join('\n');
  if (error instanceof ControlPlaneRefusal) return error.message;
  if (error instanceof Error)
    return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
  return String(error);
}
