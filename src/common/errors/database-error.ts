/** Prisma's code of a refused write, read by shape: only repositories know its classes. */
const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

/** A row with this key exists already. */
export const isUniqueViolation = (error: unknown): boolean => codeOf(error) === 'P2002';

/** The row refers to one that is not there, or is referred to by one that is. */
export const isReferenceViolation = (error: unknown): boolean => codeOf(error) === 'P2003';

/** Another transaction was in the way (deadlock, serialization): the same write may succeed when it is tried again. */
export const isWriteConflict = (error: unknown): boolean => codeOf(error) === 'P2034';
