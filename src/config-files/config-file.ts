import { parse, stringify } from 'yaml';
import { type ConfigFile, configFileSchema } from './config-file.schema.js';
import { ConfigProblems } from './config-problems.js';

/** YAML or JSON, which is YAML too. Throws `ConfigProblems`. */
export function readConfigFile(text: string): ConfigFile {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new ConfigProblems([error instanceof Error ? error.message : String(error)]);
  }
  const parsed = configFileSchema.safeParse(document);
  if (!parsed.success) throw ConfigProblems.of('', parsed.error);
  return parsed.data;
}

export type FileFormat = 'yaml' | 'json';

export const writeConfigFile = (file: ConfigFile, format: FileFormat): string =>
  format === 'json'
    ? `${JSON.stringify(file, null, 2)}\n`
    : stringify(file, { lineWidth: 120, aliasDuplicateObjects: false });
