import { Reflector } from '@nestjs/core';

/** Opens a route to everyone: `@Public(true)`. A test lists every route that has it. */
export const Public = Reflector.createDecorator<boolean>();
