// SPDX-License-Identifier: Apache-2.0
// The trend: points by name, zoom by drag and wheel, a held cross-hair with its difference, a spike
// of one second on a year, saved views, files.
import { readFileSync } from 'node:fs';
import { equal, ok, real, skip, story, until } from './lib.mjs';

await story('trend', async (s, step) => {
  await s.login();
  const { page } = s;
  const note = page.locator('.trend-note');
  const plot = page.getByRole('application');
  const shown = () => new URLSearchParams(page.url().split('?')[1] ?? '');
  const settled = () => until(async () => /(读出|\d 个)/.test(await note.innerText()) && !/正在/.test(await note.innerText()), 'history is read');

  await step('g t opens the trend; a point is added by its name', async () => {
    await s.key('g');
    await s.key('t');
    await plot.waitFor();
    const box = page.getByRole('combobox', { name: '添加测点' });
    await box.fill(real ? 'T1' : 'T1-1203');
    await page.locator('.picker-list [role=option]').first().waitFor();
    await s.key('Enter');
    await box.fill(real ? 'T2' : '1203fm');
    await page.locator('.picker-list [role=option]').first().waitFor();
    await s.key('Enter');
    await until(async () => (await page.locator('.trend-values tr').count()) === 2, 'two points are shown');
    await until(() => (shown().get('points') ?? '').split(',').length === 2, 'the address names both');
    await settled();
  });

  await step('count and aggregation stand under the picture', async () => {
    await page.getByRole('button', { name: '1 年' }).click();
    await settled();
    await until(async () => /2 个测点/.test(await note.innerText()) && /桶/.test(await note.innerText()), 'the note tells');
  });

  await step('where the part from the long history ends, and how exact it is', async () => {
    const old = page.locator('.trend-old');
    if (real) {
      equal(await old.count(), 0, 'a site without one says nothing');
      return;
    }
    await until(async () => /之前取自长期历史.*12 位/.test(await old.innerText()), 'the old part is said');
  });

  await step('a spike of one second is seen on a year', async () => {
    if (real) skip('only the made-up mine has a known spike');
    const figures = page.locator('.trend-figures tbody tr').first();
    await until(async () => /1\.62/.test(await figures.innerText()), 'the greatest value of the year is the spike');
    await s.shot('b-trend-year');
  });

  await step('from a year to a minute: the picture answers at once, finer data follow', async () => {
    const t0 = Date.now();
    await page.getByRole('button', { name: '1 分', exact: true }).click();
    await until(async () => /原始样本/.test(await note.innerText()), 'single samples', 3000);
    ok(Date.now() - t0 < 3000, 'the zoom does not wait');
  });

  await step('drag zooms, the address follows, Backspace goes back', async () => {
    await page.getByRole('button', { name: '8 时' }).click();
    await settled();
    const box = await plot.boundingBox();
    await page.mouse.move(box.x + 300, box.y + 120);
    await page.mouse.down();
    await page.mouse.move(box.x + 500, box.y + 140, { steps: 4 });
    await page.mouse.up();
    await until(() => shown().get('from') !== null, 'a fixed span is in the address');
    const span = Number(shown().get('to')) - Number(shown().get('from'));
    ok(span < 3 * 3600_000, `zoomed in: ${span} ms`);
    await page.getByText('已离开实时').waitFor();
    await plot.focus();
    await s.key('Backspace');
    await until(() => shown().get('from') === null, 'back at the present');
  });

  await step('the wheel zooms around the pointer', async () => {
    const before = Number(shown().get('span'));
    const box = await plot.boundingBox();
    await page.mouse.move(box.x + 400, box.y + 120);
    await page.mouse.wheel(0, -300);
    await until(() => Number(shown().get('span')) < before, 'shorter');
  });

  await step('two clicks hold A and B: Δ and figures between them; Escape lets go', async () => {
    const box = await plot.boundingBox();
    await page.mouse.click(box.x + 300, box.y + 120);
    await page.mouse.click(box.x + 450, box.y + 120);
    await page.getByText('Δ B − A').waitFor();
    await s.shot('b-trend-delta');
    await plot.focus();
    await s.key('Escape');
    await until(async () => (await page.getByText('Δ B − A').count()) === 0, 'released');
  });

  await step('by keys alone: arrows move the cross-hair, Enter holds it', async () => {
    await page.mouse.move(5, 5);
    await plot.focus();
    await s.key('ArrowLeft');
    await s.key('Enter');
    await page.getByText('已锁定 A').waitFor();
    await s.key('Escape');
  });

  await step('a view is saved in the browser and opened with its digit', async () => {
    await page.getByRole('button', { name: '存为视图' }).click();
    await page.getByLabel('视图名称').fill('1203 瓦斯');
    await page.getByRole('dialog').getByRole('button', { name: '存为视图' }).click();
    await page.getByLabel('视图', { exact: true }).waitFor();
    await page.locator('.trend-values button[aria-label^="移去"]').first().click();
    await until(async () => (await page.locator('.trend-values tr').count()) === 1, 'one is left');
    await page.locator('h1').first().evaluate(() => document.activeElement?.blur());
    await s.key('1');
    await until(async () => (await page.locator('.trend-values tr').count()) === 2, 'the view is back');
  });

  await step('what is shown leaves as CSV and as a picture', async () => {
    await settled();
    const [csv] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV', exact: true }).click()]);
    const text = readFileSync(await csv.path(), 'utf8');
    ok(text.startsWith('\ufeff"point"'), 'a heading');
    ok(text.split('\r\n').length > 10, 'rows');
    const [png] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'PNG' }).click()]);
    equal(readFileSync(await png.path()).subarray(1, 4).toString(), 'PNG', 'a picture');
  });

  await step('T on an alarm opens its surroundings with the cross-hair at it', async () => {
    await s.go('#/alarms');
    const row = page.locator('.vtable tbody tr:not(.spacer)').first();
    await row.waitFor();
    await row.click();
    await s.key('T');
    await plot.waitFor();
    await page.getByText('已锁定 A').waitFor();
  });

  await step('axe finds nothing', () => s.axe('trend'));
});
