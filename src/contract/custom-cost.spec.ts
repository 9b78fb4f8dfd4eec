import { describe, expect, it } from '@jest/globals';
import { parseCustomCost } from './custom-cost.js';

const parse = (value: string) => parseCustomCost({ 'cf-aig-custom-cost': value });

describe('parseCustomCost', () => {
  it('reads every documented key', () => {
    const cost = {
      per_token_in: 0.0000008,
      per_token_out: 0.000004,
      per_cache_read_token: 0.0000001,
      per_cache_write_token: 0,
      total_cost: 0.5,
    };

    expect(parse(JSON.stringify(cost))).toEqual(cost);
  });

  it('is nothing where the header is absent, empty or names no price', () => {
    expect([parseCustomCost({}), parse(''), parse('{"note":"cheap"}')]).toEqual([null, null, null]);
  });

  it.each(['{', '[]', '1', '{"per_token_in":"1"}', '{"per_token_in":-1}', '{"total_cost":null}'])(
    'refuses %s',
    (value) => {
      expect(() => parse(value)).toThrow(
        expect.objectContaining({ key: 'invalid_request', param: 'cf-aig-custom-cost' }),
      );
    },
  );
});
