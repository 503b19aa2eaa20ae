import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { openChromium } from '../../scripts/chromium.ts'

let browser: Promise<Browser> | undefined

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
  browser ??= openChromium()
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 900 }, ...options })
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
  const scope = globalThis as unknown as WithReports &
    EventTarget & { sessionStorage: { setItem(key: string, value: string): void } }
  const reports: string[] = []
  scope.policyReports = reports
  scope.addEventListener('securitypolicyviolation', event => {
    const { violatedDirective, blockedURI } = event as unknown as Record<string, string>
    reports.push(`${violatedDirective}: ${blockedURI}`)
  })
  if (token !== undefined) scope.sessionStorage.setItem('foreman-token', token)
}
