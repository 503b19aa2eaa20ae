import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icon.tsx'

interface ButtonProps {
  readonly onClick?: () => void
  readonly children?: ComponentChildren
  readonly icon?: IconName
  /** Of a button that has only a drawing. */
  readonly label?: string
  /** `main`: the one that is expected; `grave`: it takes something away; `quiet`: one of many in a row. */
  readonly look?: 'main' | 'grave' | 'quiet'
  readonly isDisabled?: boolean
  /** Whether what it shows and hides is shown. */
  readonly isExpanded?: boolean
  readonly type?: 'button' | 'submit'
}

export const Button = ({
  onClick,
  children,
  icon,
  label,
  look,
  isDisabled = false,
  isExpanded,
  type = 'button',
}: ButtonProps) => (
  <button
    type={type}
    class={`button ${look ?? ''}`}
    disabled={isDisabled}
    aria-label={label}
    aria-expanded={isExpanded}
    title={label}
    onClick={onClick}
  >
    {icon && <Icon name={icon} />}
    {children}
  </button>
)
