# Writes pairs.csv and clubsandwich.csv beside this file: numbers for tests/bias/inference/test_golden.py that do not
# come from this project. Debian 12: apt-get install r-cran-clubsandwich (0.5.8, R 4.2.2), then, in this folder,
# Rscript clubsandwich.R
library(clubSandwich)

set.seed(18)
templates <- rep(1:7, times = c(9, 9, 9, 9, 4, 2, 1))  # a few hold most rows, as in the EEC
pairs <- data.frame(template = paste0("t", templates))
pairs$unit <- paste0("u", ave(templates, templates, FUN = seq_along))
pairs$emotion_word <- paste0("w", (seq_along(templates) * 5) %% 6)
effect <- function(clusters, size) size * rnorm(9)[as.integer(factor(clusters))]
pairs$teacher <- round(effect(pairs$template, 0.5) + rnorm(nrow(pairs)), 4)
pairs$difference <- round(0.1 + 0.3 * pairs$teacher + effect(pairs$template, 0.4) + effect(pairs$unit, 0.3) +
  0.5 * rnorm(nrow(pairs)), 4)
write.csv(pairs, "pairs.csv", row.names = FALSE, quote = FALSE)

pairs$both <- paste(pairs$template, pairs$unit)
golden <- data.frame()
models <- list(mean = lm(difference ~ 1, pairs), line = lm(difference ~ teacher, pairs))
for (model in names(models)) for (by in c("template", "unit", "emotion_word", "both")) {
  tested <- coef_test(models[[model]], vcovCR(models[[model]], cluster = pairs[[by]], type = "CR2"), "Satterthwaite")
  golden <- rbind(golden, data.frame(model, coefficient = c("intercept", "slope")[seq_len(nrow(tested))], by,
    estimate = tested$beta, se = tested$SE, df = tested$df_Satt, p = tested$p_Satt))
}
golden[4:7] <- signif(golden[4:7], 10)
write.csv(golden, "clubsandwich.csv", row.names = FALSE, quote = FALSE)
