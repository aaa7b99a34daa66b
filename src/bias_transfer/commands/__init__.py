"""Commands that are no stage of a study: for models of your own, for launching, checking and writing up."""
