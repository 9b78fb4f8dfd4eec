import type { RouteElement } from '../route-element.js';
import { conditionalElement } from './conditional.element.js';
import { endElement } from './end.element.js';
import { modelElement } from './model.element.js';
import { percentageElement } from './percentage.element.js';
import { rateElement } from './rate.element.js';
import { startElement } from './start.element.js';

/** The kinds of elements, by their `type`. */
export const ELEMENTS: ReadonlyMap<string, RouteElement> = new Map(
  [startElement, conditionalElement, percentageElement, rateElement, modelElement, endElement].map((element) => [
    element.type,
    element,
  ]),
);
