// Takes the pictures of the page that the documents show.
import { runMain } from '@foreman/process'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { openChromium } from '../chromium.ts'
import { type Demo, runDemo, say } from './run-demo.ts'

const FOLDER = path.join(import.meta.dirname, '../../docs/images')
const SIZE = { width: 1280, height: 800 }
/** After this time the callers of the present have queued up behind those of the past. */
const LIVE_MS = 25_000
/** For what comes after the first paint: lists, streams, charts. */
const SETTLE_MS = 2_000

const openPage = async (browser: Browser, { url, operatorToken }: Demo, colorScheme: 'light' | 'dark') => {
  const context = await browser.newContext({ viewport: SIZE, colorScheme, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.addInitScript(`sessionStorage.setItem('foreman-token', '${operatorToken}')`)
  await page.goto(`${url}/dashboard/`)
  // Few enough turns that each is seen.
  await page.locator('label', { hasText: 'The last' }).locator('select').selectOption('15m')
  return page
}

const take = async (page: Page, name: string): Promise<void> => {
  await delay(SETTLE_MS)
  const file = path.join(FOLDER, `${name}.png`)
  await page.screenshot({ path: file })
  say(file)
}

/** The page of *Now* in both themes, each other screen once, and one job. */
const takeAll = async (demo: Demo): Promise<void> => {
  await delay(LIVE_MS)
  const browser = await openChromium()
  const page = await openPage(browser, demo, 'light')
  await take(page, 'now')
  await take(await openPage(browser, demo, 'dark'), 'now-dark')
  const links = page.locator('nav.screens a:not([aria-current])')
  for (const link of await links.all()) {
    const name = /#\/(\w+)/.exec((await link.getAttribute('href')) ?? '')?.[1]
    if (name === undefined) continue
    await link.click()
    await take(page, name)
  }
  await page.goto(`${demo.url}/dashboard/#/jobs?state=succeeded&caller=chat`)
  await page.locator('main a[href*="#/jobs/job_"]').first().click()
  await take(page, 'job')
  await browser.close()
}

await runMain(async () => {
  const code = await runDemo({ port: 0, speed: 1, past: 'on' }, demo => void takeAll(demo).finally(demo.stop))
  process.exit(code)
})
