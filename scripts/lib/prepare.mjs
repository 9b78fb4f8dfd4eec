// Brings a working copy up to date, and does nothing, quickly, when it is.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const npm = 'npm';
/** Windows runs npm through its shell. */
const shell = process.platform === 'win32';
const at = (...parts) => join(root, ...parts);

/** Installs, generates the database client and, when asked, builds: each only when its inputs have changed. */
export function prepare({ build }) {
  // A production image has what was built and nothing to build it with.
  if (!existsSync(at('src'))) return;
  if (!isInstalled()) install();
  const generated = digest([
    readFileSync(at('prisma/schema.prisma')),
    readFileSync(at('node_modules/prisma/package.json')),
  ]);
  once('generate', generated, 'src/generated/prisma/client.ts', () =>
    step('Generating the database client', process.execPath, [at('scripts/prisma-generate.mjs')], { quiet: true }),
  );
  if (!build) return;
  const sources = [...listFiles('src'), 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json', 'package-lock.json'];
  once('build', digest([generated, ...sources.map(describe)]), 'dist/main.js', () =>
    step('Building', process.execPath, [
      at('node_modules/@nestjs/cli/bin/nest.js'),
      'build',
      '-p',
      'tsconfig.build.json',
    ]),
  );
}

/** Are the packages of the lock file there? npm notes in `node_modules` what it has installed. */
function isInstalled() {
  const hidden = at('node_modules/.package-lock.json');
  if (!existsSync(hidden)) return false;
  const wanted = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  const found = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, optional, devOptional, peer }]) => {
    if (path === '' || optional || devOptional || peer) return true;
    return found[path]?.version === version;
  });
}

/**
 * `npm ci`. It refuses a lock file that lacks optional packages of other platforms, which is how npm writes one where the
 * registry does not have them; `npm install` then takes the locked versions all the same, and leaves the file alone.
 */
function install() {
  const options = ['--no-audit', '--no-fund'];
  console.error('Installing packages …');
  const { status, stderr } = spawnSync(npm, ['ci', ...options], { cwd: root, stdio: ['ignore', 2, 'pipe'], shell });
  if (status === 0) return;
  if (!String(stderr).includes('EUSAGE')) {
    process.stderr.write(stderr);
    console.error('Installing packages failed.');
    process.exit(1);
  }
  step('Installing packages, with those of this platform only', npm, ['install', '--no-save', ...options]);
}

/** Works when the inputs' digest is not the one of the last time, or the result is gone. */
function once(name, inputs, result, work) {
  const stamp = at('node_modules/.cache/unified-ai-gateway', name);
  if (existsSync(at(result)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) return;
  work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, inputs);
}

function step(title, command, args, { quiet = false } = {}) {
  console.error(`${title} …`);
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    stdio: quiet ? 'pipe' : ['ignore', 2, 2],
    shell: command === npm && shell,
  });
  if (status === 0) return;
  if (quiet) process.stderr.write(Buffer.concat([stdout, stderr]));
  console.error(`${title} failed.`);
  process.exit(1);
}

const digest = (parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

/** Enough to notice a change, without reading the file. */
const describe = (path) => {
  const { size, mtimeMs } = statSync(at(path));
  return `${path} ${size} ${mtimeMs}\n`;
};

const listFiles = (directory) =>
  readdirSync(at(directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length))
    .filter((path) => !path.endsWith('.spec.ts'))
    .toSorted();
