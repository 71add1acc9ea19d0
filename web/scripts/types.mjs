// SPDX-License-Identifier: Apache-2.0
// Writes src/api/types.ts from api/openapi.yaml: one type a schema. With --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

const FROM = new URL('../../api/openapi.yaml', import.meta.url);
const TO = new URL('../src/api/types.ts', import.meta.url);
const MOST_LITERALS = 10;

const refName = (ref) => ref.slice(ref.lastIndexOf('/') + 1);
const key = (k) => (/^[A-Za-z_]\w*$/.test(k) ? k : JSON.stringify(k));

function ofObject(s) {
  if (s.properties) {
    const required = new Set(s.required ?? []);
    const fields = Object.entries(s.properties).map(
      ([k, v]) => `${key(k)}${required.has(k) ? '' : '?'}: ${typeOf(v)}`,
    );
    return `{ ${fields.join('; ')} }`;
  }
  if (s.additionalProperties && s.additionalProperties !== true) {
    return `{ [key: string]: ${typeOf(s.additionalProperties)} }`;
  }
  return 'Json';
}

function ofNumber(s) {
  const [lo, hi] = [s.minimum, s.maximum];
  if (s.type !== 'integer' || lo === undefined || hi === undefined || hi - lo >= MOST_LITERALS)
    return 'number';
  return Array.from({ length: hi - lo + 1 }, (_, i) => lo + i).join(' | ');
}

function ofArray(s) {
  if (s.prefixItems) return `[${s.prefixItems.map(typeOf).join(', ')}]`;
  const item = s.items ? typeOf(s.items) : 'Json';
  if (s.minItems !== undefined && s.minItems === s.maxItems) {
    return `[${new Array(s.minItems).fill(item).join(', ')}]`;
  }
  return `(${item})[]`;
}

function typeOf(s) {
  if (s.$ref) return refName(s.$ref);
  if (s.enum) return s.enum.map((v) => JSON.stringify(v)).join(' | ');
  if (s.oneOf) return s.oneOf.map(typeOf).join(' | ');
  if (s.allOf) return s.allOf.map(typeOf).join(' & ');
  if (Array.isArray(s.type)) return s.type.map((type) => typeOf({ ...s, type })).join(' | ');
  if (s.type === 'object') return ofObject(s);
  if (s.type === 'array') return ofArray(s);
  if (s.type === 'integer' || s.type === 'number') return ofNumber(s);
  return { string: 'string', boolean: 'boolean', null: 'null' }[s.type] ?? 'Json';
}

const api = parse(readFileSync(FROM, 'utf8'));
const types = Object.entries(api.components.schemas).map(
  ([name, s]) => `export type ${name} = ${typeOf(s)};`,
);
const paths = Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.keys(methods)
    .filter((m) => ['get', 'post', 'patch', 'put', 'delete'].includes(m))
    .map((m) => `  | '${m.toUpperCase()} ${path}'`),
);
const text = `// SPDX-License-Identifier: Apache-2.0
// Made by scripts/types.mjs from api/openapi.yaml; change that, not this.

// biome-ignore lint/suspicious/noExplicitAny: the description leaves these open
export type Json = any;

${types.join('\n')}

export type Route =
${paths.join('\n')};
`;

if (process.argv.includes('--check')) {
  if (readFileSync(TO, 'utf8') !== text) {
    console.error('src/api/types.ts is not what api/openapi.yaml says; run: npm run types');
    process.exit(1);
  }
} else writeFileSync(TO, text);
