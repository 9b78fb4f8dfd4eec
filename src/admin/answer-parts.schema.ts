import { z } from 'zod';

/** A time: RFC 3339, in UTC. */
export const time = z.iso.datetime();

/** US dollars. */
export const dollars = z.number();

/**
 * An object of the API's answers, under its name in the API's document. Strict, so that an answer with a member that is not
 * written down here is found out; the document leaves objects open, since they may grow.
 */
export const answerObject = <T extends z.ZodRawShape>(name: string, shape: T) =>
  z.strictObject(shape).meta({ id: name });
