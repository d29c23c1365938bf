/** The parts of the settings; apart from their page, which an address alone must not load. */
export const SETTINGS_TABS = ["you", "keys", "secrets", "users", "notifications", "appearance", "about"] as const;
export type SettingsTab = (typeof SETTINGS_TABS)[number];
