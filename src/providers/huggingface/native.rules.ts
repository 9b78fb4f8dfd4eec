import { below, type NativeRules } from '../dialects/native/native-api.js';

/**
 * `/{model}` stands for the hosted inference of one model, which the router took over from `api-inference.huggingface.co`; what
 * begins like the router's own paths (`/v1/…`, or another host's `/fal-ai/…` by its whole path) goes there as it is.
 */
export const HUGGINGFACE_NATIVE: Omit<NativeRules, 'name'> = {
  place: (path, target) =>
    /^\/(?:v1|hf-inference|models)(?:[/?]|$)/.test(path)
      ? below(target, '', path.replace(/^\/models(?=\/)/, '/hf-inference/models'))
      : below(target, '/hf-inference/models', path),
  modelIn: /^\/(?!v1\/)(?:hf-inference\/)?(?:models\/)?([^?]+)/,
};
