// SPDX-License-Identifier: Apache-2.0
// The one map: it draws, its list twin says the same, keys move it, it measures, traces and prints.
import { equal, ok, skip, story, until } from './lib.mjs';

await story('map', async (s, step) => {
  const { page, server } = s;
  await s.login();
  await s.go('#/map');
  const scale = async () =>
    Number((await page.locator('.readout').innerText()).match(/1:([\d ]+)/)[1].replaceAll(' ', ''));
  await step('drawing and live layer are painted', async () => {
    await page.locator('.kt-live canvas').waitFor();
    await until(
      async () =>
        page.locator('.kt-live canvas').evaluate((c) => {
          const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
          for (let i = 3; i < d.length; i += 4) if (d[i] > 0) return true;
          return false;
        }),
      'something on the live canvas',
    );
  });
  await step('the list twin is sorted by severity and selects with arrows', async () => {
    const grid = page.getByRole('grid', { name: /列表/ });
    await grid.focus();
    await s.key('ArrowDown');
    await s.key('ArrowDown');
    await grid.locator('tr[aria-selected=true]').waitFor();
    await page.locator('.cardpane').waitFor();
    await s.key('Enter');
    await until(async () => (await scale()) < 2000, 'it flew there');
  });
  await step('F shows the whole mine, plus and minus zoom', async () => {
    await page.locator('.map-host').focus();
    await s.key('f');
    await until(async () => (await scale()) > 5000, 'whole mine');
    const before = await scale();
    await page.getByRole('button', { name: '放大' }).click();
    await until(async () => (await scale()) < before * 0.8, 'nearer');
  });
  await step('the read-out says X north and Y east in the site grid', async () => {
    const box = await page.locator('.map-host').boundingBox();
    let before = '';
    const at = async (x, y) => {
      await page.mouse.move(box.x + x, box.y + y);
      const m = await until(async () => {
        const found = (await page.locator('.readout').innerText()).match(/X=([\d.-]+) Y=([\d.-]+)/);
        return found && found[0] !== before && found;
      }, 'the place of the pointer');
      before = m[0];
      return [Number(m[1]), Number(m[2])];
    };
    await at(300, 350);
    const [x1, y1] = await at(400, 300);
    const [x2, y2] = await at(460, 260);
    ok(x2 > x1, 'up is north: X grows');
    ok(y2 > y1, 'right is east: Y grows');
  });
  await step('only the abnormal: the list shrinks, alarms stay', async () => {
    const n = async () =>
      Number((await page.locator('.list-twin header b').innerText()).match(/\d+/)[0]);
    const all = await n();
    await page.getByLabel('只看异常').check();
    await until(async () => (await n()) < all, 'fewer');
    await page.getByLabel('只看异常').uncheck();
  });
  await step('length is measured', async () => {
    await page.getByRole('button', { name: '量距' }).click();
    const box = await page.locator('.map-host').boundingBox();
    await page.mouse.click(box.x + 380, box.y + 260);
    await page.mouse.move(box.x + 480, box.y + 260, { steps: 4 });
    await page.mouse.dblclick(box.x + 480, box.y + 260);
    const about = async () => {
      const text = await page.locator('.measured').innerText();
      const should = (((await scale()) * 0.0254) / 96) * 100;
      return Math.abs(Number(/[\d.]+/.exec(text)?.[0]) - should) / should < 0.03;
    };
    await until(about, 'as long as the scale says');
    await page.getByRole('button', { name: '清除' }).first().click();
  });
  await step('downwind of a face is traced', async () => {
    if (!server) skip('needs the places of the fixture');
    await s.key('/');
    await page.getByRole('combobox', { name: '搜索' }).fill('1203工作面');
    await page.getByRole('option', { name: /1203工作面/ }).first().waitFor();
    await s.key('Enter');
    await page.getByRole('combobox', { name: '搜索' }).waitFor({ state: 'detached' });
    await page.locator('.cardpane').getByRole('button', { name: '下风侧' }).click();
    await page.locator('.trace-note', { hasText: '总回风巷' }).waitFor();
    await page.getByRole('button', { name: '清除追踪' }).click();
  });
  await step('a sheet at 1:5000 has exactly the pixels of its paper', async () => {
    await s.key('Control+p');
    const d = page.getByRole('dialog', { name: '打印图纸' });
    await d.getByLabel('比例').selectOption('5000');
    await d.getByRole('button', { name: '生成' }).click();
    const canvas = d.locator('.sheet-preview canvas');
    await canvas.waitFor();
    equal(
      await canvas.evaluate((c) => `${c.width}x${c.height}`),
      `${Math.round((420 / 25.4) * 150)}x${Math.round((297 / 25.4) * 150)}`,
      'A3 at 150 dpi',
    );
    await s.shot('sheet');
    await s.key('Escape');
  });
});
