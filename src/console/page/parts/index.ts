// What views are made of.

export { Badge, CategoryBadge, DrillBadge, LevelBadge, StateBadge, shapes } from './badge.tsx';
export { Button, ButtonLink } from './button.tsx';
export { Confirm, Dialog, FormDialog, fieldsOf } from './dialog.tsx';
export { Field } from './field.tsx';
export { Icon } from './icon.tsx';
export { useLoaded } from './loaded.ts';
export { Empty, Failed, Loading, Page, Section } from './page.tsx';
export { type Column, Table } from './table.tsx';
export { toast, toastFailure, toastReply } from './toast.tsx';
