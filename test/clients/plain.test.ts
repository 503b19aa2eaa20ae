import { tryEverything } from './battery.ts'
import { curl } from './drivers/curl.ts'
import { plainFetch } from './drivers/fetch.ts'

tryEverything(plainFetch)
tryEverything(curl)
