import { ownMember } from '../../common/own-member.js';
import { isFields } from '../fields.js';
import type { RouteSubject } from '../route-subject.js';
import { matching, negated, OPERATORS, type Predicate } from './operators.js';
import { compilePath, Several, type SubjectPath } from './subject-path.js';

type Path = readonly (string | number)[];

/** Told of what is wrong, and where in the conditions. */
export type ReportCondition = (path: Path, reason: string) => void;

/** A condition, ready to be asked. */
export interface Conditions {
  holds(subject: RouteSubject): boolean;
  /** What of this call it looked at, for people: `metadata.plan is "free"`. */
  explain(subject: RouteSubject): string;
}

type Test = (subject: RouteSubject) => boolean;

const MAX_DEPTH = 10;
const MAX_CLAUSES = 200;
const MAX_SHOWN = 60;

/**
 * Compiles a query as MongoDB has them: `{"metadata.plan": "pro"}`, `{"$or": [{…}, {…}]}`, `{"body.max_tokens": {"$gt": 1000}}`. The
 * members of an object all have to hold, so an empty one does.
 */
export function compileConditions(query: unknown, report: ReportCondition): Conditions {
  const compiler = new Compiler(report);
  const test = compiler.query(query, [], 0);
  return {
    holds: test,
    explain: (subject) => compiler.paths.map((path) => `${path.text} is ${shown(path.read(subject))}`).join(', '),
  };
}

const never = (): boolean => false;

class Compiler {
  readonly paths: SubjectPath[] = [];
  private clauses = 0;

  constructor(private readonly report: ReportCondition) {}

  query(query: unknown, at: Path, depth: number): Test {
    if (!isFields(query)) return this.problem(at, 'must be an object of conditions');
    if (depth > MAX_DEPTH) return this.problem(at, `is nested more than ${MAX_DEPTH} deep`);
    return all(Object.entries(query).map(([name, operand]) => this.member(name, operand, [...at, name], depth + 1)));
  }

  private member(name: string, operand: unknown, at: Path, depth: number): Test {
    if (++this.clauses > MAX_CLAUSES) return this.problem(at, `is one of more than ${MAX_CLAUSES} conditions`);
    if (!name.startsWith('$')) return this.field(name, operand, at, depth);
    switch (name) {
      case '$and':
        return all(this.list(operand, at, depth));
      case '$or':
        return any(this.list(operand, at, depth));
      case '$nor':
        return not(any(this.list(operand, at, depth)));
      case '$not':
        return not(this.query(operand, at, depth));
      default:
        return this.problem(at, `${name} is not known here: $and, $or, $nor, $not, or a path such as metadata.plan`);
    }
  }

  private list(operand: unknown, at: Path, depth: number): Test[] {
    if (!Array.isArray(operand) || operand.length === 0) {
      this.problem(at, 'takes a list of conditions');
      return [never];
    }
    return operand.map((query, index) => this.query(query, [...at, index], depth));
  }

  private field(name: string, operand: unknown, at: Path, depth: number): Test {
    const path = compilePath(name);
    if (typeof path === 'string') return this.problem(at, path);
    this.paths.push(path);
    const predicate = this.predicate(operand, at, depth);
    return (subject) => predicate(path.read(subject));
  }

  /** An object of operators, or a value to be equal to. */
  private predicate(operand: unknown, at: Path, depth: number): Predicate {
    if (depth > MAX_DEPTH) return this.problem(at, `is nested more than ${MAX_DEPTH} deep`);
    if (!isFields(operand) || !Object.keys(operand).some((name) => name.startsWith('$')))
      return this.operator('$eq', operand, at);
    const { $options, ...operators } = operand;
    if ($options !== undefined && operators['$regex'] === undefined) this.problem(at, '$options goes with $regex');
    const predicates = Object.entries(operators).map(([name, own]) => {
      if (name === '$regex') return this.known(matching(own, $options ?? ''), name, [...at, name]);
      if (name !== '$not') return this.operator(name, own, [...at, name]);
      if (!isFields(own)) return this.problem([...at, name], '$not takes an object of operators');
      return this.known(negated(this.predicate(own, [...at, name], depth + 1)), name, [...at, name]);
    });
    const [only] = predicates;
    if (only !== undefined && predicates.length === 1) return only;
    return (value) => predicates.every((predicate) => predicate(value));
  }

  private operator(name: string, operand: unknown, at: Path): Predicate {
    if (++this.clauses > MAX_CLAUSES) return this.problem(at, `is one of more than ${MAX_CLAUSES} conditions`);
    const make = ownMember(OPERATORS, name);
    if (make === undefined)
      return this.problem(at, `${name} is not known: ${[...Object.keys(OPERATORS), '$regex', '$not'].join(', ')}`);
    return this.known(make(operand), name, at);
  }

  private known(made: Predicate | string, name: string, at: Path): Predicate {
    return typeof made === 'string' ? this.problem(at, `${name} ${made}`) : made;
  }

  private problem(at: Path, reason: string): () => boolean {
    this.report(at, reason);
    return never;
  }
}

function all(tests: readonly Test[]): Test {
  const [only] = tests;
  if (only !== undefined && tests.length === 1) return only;
  return (subject) => {
    for (const test of tests) if (!test(subject)) return false;
    return true;
  };
}

function any(tests: readonly Test[]): Test {
  const [only] = tests;
  if (only !== undefined && tests.length === 1) return only;
  return (subject) => {
    for (const test of tests) if (test(subject)) return true;
    return false;
  };
}

const not =
  (test: Test): Test =>
  (subject) =>
    !test(subject);

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value instanceof Several ? value.values : value) ?? 'missing';
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
