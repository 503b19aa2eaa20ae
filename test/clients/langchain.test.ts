import { tryEverything } from './battery.ts'
import { langchain } from './drivers/langchain.ts'

tryEverything(langchain, { leaveWaiting: 'langchainollama-leaving-before-the-first-piece' })
