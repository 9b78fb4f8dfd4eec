import { below, noWay, type NativeRules } from '../dialects/native/native-api.js';

const ORIGIN = 'https://inference.baseten.co';
const MODEL = /^\/model\/([^/?]+)(\/[^?]*)?(\?.*)?$/;
/** It becomes part of a host's name. */
const MODEL_ID = /^[a-z0-9]{1,32}$/i;

/** `/model/{id}` stands for the host of a deployment of one's own, all else for the shared models. */
export const BASETEN_NATIVE: Omit<NativeRules, 'name'> = {
  place(path, target) {
    const own = MODEL.exec(path);
    if (own === null) return below(target, '/v1', path);
    const [, id = '', rest = '/environments/production/predict', query = ''] = own;
    if (!MODEL_ID.test(id)) throw noWay(target, `'${id}' is no id of a model at Baseten.`);
    const { origin, pathPrefix } = target.base;
    return {
      origin: origin === ORIGIN ? `https://model-${id}.api.baseten.co` : origin,
      path: pathPrefix + rest + query,
    };
  },
  modelIn: /^\/model\/([^/?]+)/,
};
