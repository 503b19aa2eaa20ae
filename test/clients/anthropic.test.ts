import { tryEverything } from './battery.ts'
import { anthropic } from './drivers/anthropic.ts'

tryEverything(anthropic)
