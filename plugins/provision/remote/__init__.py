"""遠隔: talking to other people's servers, for handing over (`channels`) and for fetching (`intake.landing`)."""
