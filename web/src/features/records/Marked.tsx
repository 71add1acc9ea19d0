// SPDX-License-Identifier: Apache-2.0
/** A text with what was searched for marked: by the server's own marks, else where the words stand. */
const OWN = /<\/?(?:b|mark)>/;

function parts(text: string, words: string): [string, boolean][] {
  if (OWN.test(text)) {
    let on = false;
    return text.split(/(<\/?(?:b|mark)>)/).flatMap((s): [string, boolean][] => {
      if (!OWN.test(s)) return s ? [[s, on]] : [];
      on = s === '<b>' || s === '<mark>';
      return [];
    });
  }
  const list = words.trim().split(/\s+/).filter(Boolean);
  if (list.length === 0) return [[text, false]];
  const low = text.toLowerCase();
  const out: [string, boolean][] = [];
  let at = 0;
  while (at < text.length) {
    const hits = list
      .map((w) => [low.indexOf(w.toLowerCase(), at), w.length] as const)
      .filter(([i]) => i >= 0)
      .sort((a, b) => a[0] - b[0]);
    const hit = hits[0];
    if (!hit) break;
    if (hit[0] > at) out.push([text.slice(at, hit[0]), false]);
    out.push([text.slice(hit[0], hit[0] + hit[1]), true]);
    at = hit[0] + hit[1];
  }
  if (at < text.length) out.push([text.slice(at), false]);
  return out;
}

export function Marked({ text, words }: { text: string; words: string }) {
  return <>{parts(text, words).map(([s, on], i) => (on ? <mark key={i}>{s}</mark> : s))}</>;
}
