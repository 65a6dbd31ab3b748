"""Linear models: ridge, lasso, elastic net, logistic and softmax regression, linear SVM."""
