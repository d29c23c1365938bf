declare module "virtual:packages" {
  const packages: ReadonlyArray<{ name: string; version: string; license: string }>;
  export default packages;
}
