"""The allow-lists of pipeline, each in the folder of what it lists."""

from guanxi_pipeline.approval_rules.resources import APPROVAL_RULES
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.pipelines.resources import PIPELINES
from guanxi_pipeline.price_books.resources import PRICE_BOOKS
from guanxi_pipeline.products.resources import PRODUCTS
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.tax_classes.resources import TAX_CLASSES

LOGGED = (OPPORTUNITIES, PIPELINES, PRODUCTS, TAX_CLASSES, PRICE_BOOKS, QUOTES, APPROVAL_RULES)
