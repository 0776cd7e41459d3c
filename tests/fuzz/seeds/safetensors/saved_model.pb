

inputPlaceholder