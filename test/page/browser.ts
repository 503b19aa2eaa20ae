import fs from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'

/** Where Debian, Fedora and macOS have it. No browser is downloaded. */
const PLACES = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const executable = PLACES.find(place => place !== '' && fs.existsSync(place))

/** Why these tests cannot run here; undefined: they can. */
export const lackOfBrowser =
  executable === undefined ? 'there is no Chromium: install it, or set CHROMIUM' : undefined

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

let browser: Promise<Browser> | undefined

const openBrowser = (): Promise<Browser> => {
  browser ??= chromium.launch({ executablePath: executable!, args: ARGUMENTS })
  return browser
}

/** @returns when it is gone */
export const closeBrowser = async (): Promise<void> => (await browser)?.close()

export interface OpenPage {
  readonly page: Page
  /** What the browser complains about: errors of scripts, and what the policy of the page forbids. */
  readonly complaints: () => Promise<string[]>
}

export interface OpenOptions extends BrowserContextOptions {
  /** That the page has kept from before. */
  readonly token?: string
}

/** Opens the page of a foreman, as an operator does it; gone when the test is. */
export const openPage = async (url: string, { token, ...options }: OpenOptions = {}): Promise<OpenPage> => {
  const context = await (
    await openBrowser()
  ).newContext({ viewport: { width: 1280, height: 900 }, ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', error => errors.push(error.message))
  page.on('console', message => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.addInitScript(collectReports, token)
  await page.goto(`${url}/dashboard/`)
  const complaints = async () => [
    ...errors,
    ...(await page.evaluate(() => (globalThis as unknown as WithReports).policyReports)),
  ]
  return { page, complaints }
}

interface WithReports {
  policyReports: string[]
}

/** Runs in the page, before its own script. */
const collectReports = (token: string | undefined): void => {
  const scope = globalThis as unknown as WithReports & EventTarget & { sessionStorage: Map<string, string> }
  const reports: string[] = []
  scope.policyReports = reports
  scope.addEventListener('securitypolicyviolation', event => {
    const { violatedDirective, blockedURI } = event as unknown as Record<string, string>
    reports.push(`${violatedDirective}: ${blockedURI}`)
  })
  const storage = scope.sessionStorage as unknown as { setItem(key: string, value: string): void }
  if (token !== undefined) storage.setItem('foreman-token', token)
}
