import { useRoute } from '../../router/navigation.ts'
import { BatchList } from './batch-list.tsx'
import { BatchScreen } from './batch-screen.tsx'
import './batches.css'

/** All batches, or the one whose id stands in the URL. */
export const Batches = () => {
  const { id } = useRoute()
  return id === undefined ? <BatchList /> : <BatchScreen key={id} id={id} />
}
