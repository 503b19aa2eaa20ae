import { tryEverything } from './battery.ts'
import { langchain } from './drivers/langchain.ts'

tryEverything(langchain)
