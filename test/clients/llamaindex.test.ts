import { tryEssentials } from './battery.ts'
import { llamaindex } from './drivers/llamaindex.ts'

tryEssentials(llamaindex)
