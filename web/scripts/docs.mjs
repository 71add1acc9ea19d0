// SPDX-License-Identifier: Apache-2.0
// Writes the documents of ../docs that users read as pages into dist/docs, with a page that lists
// them: the program serves what its screens name. Knows the Markdown that the documents use.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const FROM = fileURLToPath(new URL('../../docs/', import.meta.url));
const TO = fileURLToPath(new URL('../dist/docs/', import.meta.url));
const SRC = fileURLToPath(new URL('../src/', import.meta.url));
const FOLDERS = ['', 'howto/'];
const FILES = FOLDERS.flatMap((d) =>
  readdirSync(join(FROM, d))
    .filter((f) => f.endsWith('.md'))
    .map((f) => d + f),
).sort();

const MARKS = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const plain = (s) => s.replace(/[&<>"]/g, (c) => MARKS[c]);
const slug = (s) =>
  plain(
    s
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Where a link of `file` leads as a page; '' for what is not among the pages. */
function target(file, href) {
  if (/^https?:/.test(href)) return href;
  const [path, hash = ''] = href.split('#');
  const to = path ? posix.join(posix.dirname(file), path) : file;
  if (!FILES.includes(to)) return '';
  const page = path ? path.replace(/\.md$/, '.html') : '';
  return hash ? `${page}#${slug(hash)}` : page;
}

function words(file, text) {
  const codes = [];
  return plain(text.replace(/`([^`]+)`/g, (_, c) => `⟦${codes.push(c) - 1}⟧`))
    .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_, name, href) => {
      const to = target(file, href);
      return to ? `<a href="${to}">${name}</a>` : name;
    })
    .replace(/\*\*([^*]+)\*\*/g, '<b>$1</b>')
    .replace(/\\([\\`*_|])/g, '$1')
    .replace(/⟦(\d+)⟧/g, (_, i) => `<code>${plain(codes[Number(i)])}</code>`);
}

const cells = (line) =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|(?=(?:[^`]*`[^`]*`)*[^`]*$)/)
    .map((c) => c.trim().replaceAll('\\|', '|'));

function table(file, lines) {
  const row = (line, tag) =>
    `<tr>${cells(line)
      .map((c) => `<${tag}>${words(file, c)}</${tag}>`)
      .join('')}</tr>`;
  const head = cells(lines[0]).some(Boolean) ? `<thead>${row(lines[0], 'th')}</thead>` : '';
  const body = lines.slice(2).map((l) => row(l, 'td'));
  return `<div class="wide" tabindex="0"><table>${head}<tbody>${body.join('\n')}</tbody></table></div>`;
}

const ITEM = /^(?:[-*]|(\d+)\.) +/;

/** Each kind of block: the lines that it takes from the beginning of `rest`, and its HTML. */
function block(file, rest) {
  const until = (end, from = 1) => {
    const n = rest.findIndex((l, i) => i >= from && end(l));
    return n < 0 ? rest.length : n;
  };
  const [line] = rest;
  const heading = /^(#+) +(.*)/.exec(line);
  if (heading) {
    const tag = `h${heading[1].length}`;
    return [1, `<${tag} id="${slug(heading[2])}">${words(file, heading[2])}</${tag}>`];
  }
  if (line.startsWith('```')) {
    const n = until((l) => l.startsWith('```'));
    return [n + 1, `<pre tabindex="0"><code>${plain(rest.slice(1, n).join('\n'))}</code></pre>`];
  }
  if (line.startsWith('|')) {
    const n = until((l) => !l.startsWith('|'));
    return [n, table(file, rest.slice(0, n))];
  }
  if (ITEM.test(line)) return list(file, rest, until);
  const n = until((l) => !l.trim() || /^(#+ |```|\|)/.test(l) || ITEM.test(l));
  return [n, `<p>${words(file, rest.slice(0, n).join(' '))}</p>`];
}

function list(file, rest, until) {
  const n = until((l) => l.trim() !== '' && !ITEM.test(l) && !/^ {2}/.test(l));
  const items = [];
  for (const l of rest.slice(0, n)) {
    const mark = ITEM.exec(l);
    if (mark) items.push({ indent: mark[0].length, lines: [l.slice(mark[0].length)] });
    else items.at(-1).lines.push(l.replace(new RegExp(`^ {0,${items.at(-1).indent}}`), ''));
  }
  const first = ITEM.exec(rest[0])[1];
  const [open, close] = first ? [`<ol start="${first}">`, '</ol>'] : ['<ul>', '</ul>'];
  return [n, `${open}${items.map((i) => `<li>${blocks(file, i.lines)}</li>`).join('\n')}${close}`];
}

function blocks(file, lines) {
  const out = [];
  for (let rest = lines; rest.length > 0; ) {
    if (!rest[0].trim()) {
      rest = rest.slice(1);
      continue;
    }
    const [n, html] = block(file, rest);
    out.push(html);
    rest = rest.slice(n);
  }
  return out.join('\n');
}

function page(file, title, body) {
  const up = file.includes('/') ? '../' : './';
  const name = file.replace(/\.md$/, '.html');
  mkdirSync(dirname(join(TO, name)), { recursive: true });
  writeFileSync(
    join(TO, name),
    `<!doctype html>
<html lang="${file.endsWith('.zh.md') ? 'zh-CN' : 'en'}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${plain(title)} · Kuangtu</title>
<script src="${up}theme.js"></script><link rel="stylesheet" href="${up}tokens.css"><link rel="stylesheet" href="${up}docs.css"></head>
<body><nav><a href="${up}index.html" lang="zh-CN">矿图 · 文档 <span lang="en">Documents</span></a></nav>
<main>
${body}
</main></body></html>
`,
  );
}

const titles = new Map();
for (const file of FILES) {
  const lines = readFileSync(join(FROM, file), 'utf8').split('\n');
  const title = lines.find((l) => l.startsWith('# '))?.slice(2) ?? file;
  titles.set(file, title);
  page(file, title, blocks(file, lines));
}
const links = [...titles].map(
  ([f, title]) => `<li><a href="${f.replace(/\.md$/, '.html')}">${plain(title)}</a></li>`,
);
page('index.md', '文档 Documents', `<h1>文档 Documents</h1>\n<ul>${links.join('\n')}</ul>`);
copyFileSync(join(SRC, 'ui/tokens.css'), join(TO, 'tokens.css'));
for (const f of ['docs.css', 'theme.js']) copyFileSync(join(SRC, 'app/help', f), join(TO, f));
console.log(`documents: ${FILES.length} in ${relative(process.cwd(), TO)}`);
