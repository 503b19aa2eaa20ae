import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import { lackOfChromium } from '../../scripts/chromium.ts'
import { closeBrowser, openPage } from './browser.ts'
import { showScreen, startFilled } from './filled.ts'

afterAll(closeBrowser)

/**
 * What axe finds on the page as it is, as `rule: element`.
 *
 * @param rules default: all
 */
const findings = (page: Page, rules?: readonly string[]): Promise<string[]> =>
  page.evaluate(`axe.run(document, ${JSON.stringify(rules ? { runOnly: rules } : {})}).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ': ' + target.join(' '))))`)

const widthOf = (page: Page): Promise<number> => page.evaluate('document.documentElement.scrollWidth')

describe.skipIf(lackOfChromium !== undefined)('every screen', () => {
  test('fits into 320 pixels, can be used by everybody in light and dark, and gives the browser no reason to complain', async () => {
    const { foreman, screens } = await startFilled()
    const { page, complaints } = await openPage(foreman.url)
    // axe has rules of its own for what a script may do.
    const { page: checked } = await openPage(foreman.url, { bypassCSP: true })
    await checked.evaluate(axe.source)
    for (const screen of screens) {
      await page.setViewportSize({ width: 1280, height: 900 })
      await showScreen(page, screen)
      await page.setViewportSize({ width: 320, height: 640 })
      await expect.poll(() => widthOf(page), { message: screen.hash }).toBe(320)

      await showScreen(checked, screen)
      const found = await findings(checked)
      await checked.emulateMedia({ colorScheme: 'dark' })
      const inDark = await findings(checked, ['color-contrast'])
      await checked.emulateMedia({ colorScheme: 'light' })
      expect([screen.hash, found, inDark]).toEqual([screen.hash, [], []])
    }
    expect(await complaints()).toEqual([])
  })

  test('has a sheet that stands above those of the pieces', async () => {
    const { foreman, screens } = await startFilled()
    const { page } = await openPage(foreman.url)
    await showScreen(page, screens[1]!)
    const font = await page.evaluate(`getComputedStyle(document.querySelector('.id-box input')).fontFamily`)
    expect(font).toMatch(/mono/)
  })

  test('asks in a window that everybody can answer', async () => {
    const { foreman, screens } = await startFilled()
    const { page } = await openPage(foreman.url, { bypassCSP: true })
    await page.evaluate(axe.source)
    await showScreen(page, screens[0]!)
    for (const [key, name] of [
      ['p', 'Pause'],
      ['?', 'Keys'],
    ] as const) {
      await page.keyboard.press(key)
      await page.getByRole('dialog', { name }).waitFor()
      expect(await findings(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
  })
})
