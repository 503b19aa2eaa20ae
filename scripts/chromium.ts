import fs from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** Where Debian, Fedora and macOS have it. No browser is downloaded. */
const PLACES = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const executable = PLACES.find(place => place !== '' && fs.existsSync(place))

/** Why no page can be opened here; undefined: it can. */
export const lackOfChromium =
  executable === undefined ? 'there is no Chromium: install it, or set CHROMIUM' : undefined

/**
 * Starts the Chromium of this machine.
 *
 * @throws Error when there is none
 */
export const openChromium = async (): Promise<Browser> => {
  if (executable === undefined) throw new Error(lackOfChromium)
  return chromium.launch({ executablePath: executable, args: ARGUMENTS })
}
