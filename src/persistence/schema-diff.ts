import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import { type ClientConfig, Pool } from 'pg';

import { openSchemaEngine } from './schema-engine.js';

type Adapter = Awaited<ReturnType<PrismaPg['connect']>>;

/** Postgres' one-byte type of its own catalogue, which Prisma's adapter does not know (7.10.0). */
const CHAR_OID = 18;
/** A type that the adapter passes on as text and that the catalogue does not have: it stands in on the way. */
const STAND_IN_OID = 2950;
const STAND_IN = ColumnTypeEnum.Uuid;

/** Prisma's adapter, able to read the catalogue: the engine asks it what the database looks like. */
class CatalogAdapter extends PrismaPg {
  constructor(pool: Pool) {
    pool.on('connect', (client) => {
      client.connection.prependListener('rowDescription', ({ fields }: { fields: { dataTypeID: number }[] }) => {
        for (const field of fields) if (field.dataTypeID === CHAR_OID) field.dataTypeID = STAND_IN_OID;
      });
    });
    super(pool);
  }

  override async connect(): Promise<Adapter> {
    const adapter = await super.connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => {
      const result = await queryRaw(query);
      return {
        ...result,
        columnTypes: result.columnTypes.map((type) => (type === STAND_IN ? ColumnTypeEnum.Character : type)),
      };
    };
    return adapter;
  }
}

/** The SQL that would make the database what `schema` (the text of schema.prisma) says; null when it is that already. */
export async function diffToSchema(connection: ClientConfig, schema: string): Promise<string | null> {
  const pool = new Pool({ ...connection, max: 1 });
  const engine = await openSchemaEngine(new CatalogAdapter(pool));
  const files = [{ path: 'schema.prisma', content: schema }];
  try {
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: '.' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: { externalTables: [], externalEnums: [] },
    });
    return exitCode === 0 ? null : stdout;
  } finally {
    engine.free();
    await pool.end();
  }
}
