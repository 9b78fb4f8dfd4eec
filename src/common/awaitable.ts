/** A value that may be there at once: whoever asks awaits it only when it is a promise, so that memory costs no turn of the loop. */
export type Awaitable<T> = T | Promise<T>;
