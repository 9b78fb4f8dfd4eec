import { PrismaPg } from '@prisma/adapter-pg';
import { DriverAdapterError } from '@prisma/driver-adapter-utils';
import { DatabaseError, Pool } from 'pg';

type Adapter = Awaited<ReturnType<PrismaPg['connect']>>;

/**
 * Prisma's Postgres adapter for migrations. The original cuts a script at every semicolon (7.10.0), which breaks function
 * bodies, and runs the pieces one by one. Sent whole, a script is one implicit transaction: a migration that fails leaves
 * nothing behind.
 */
export class MigrationAdapter extends PrismaPg {
  constructor(private readonly pool: Pool) {
    super(pool);
  }

  override async connect(): Promise<Adapter> {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      await this.pool.query(script).catch((cause: unknown) => {
        throw cause instanceof DatabaseError ? toDriverError(cause) : cause;
      });
    };
    return adapter;
  }
}

const toDriverError = ({ code, severity, message, detail, column, hint }: DatabaseError): DriverAdapterError =>
  new DriverAdapterError({
    kind: 'postgres',
    code: code ?? 'N/A',
    severity: severity ?? 'N/A',
    message,
    detail,
    column,
    hint,
  });
