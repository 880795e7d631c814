// Styles that a view brings with it: the build puts them into files of their own.

declare module '*.css';
