/** Which part of a list is asked for. Pages count from 1. */
export interface PageRequest {
  readonly page: number;
  readonly perPage: number;
}

/** A part of a list, and how long the whole is. A page past the end has no items. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
}

/** As SQL has it. */
export const offsetOf = ({ page, perPage }: PageRequest): { readonly skip: number; readonly take: number } => ({
  skip: (page - 1) * perPage,
  take: perPage,
});
